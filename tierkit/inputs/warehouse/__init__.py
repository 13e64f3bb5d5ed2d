"""Tables asked of a database: one SQL file each, read-only, and passwords that stand nowhere."""
