"""What CRMs call things: their exports on the way in, the fields of a write-back on the way out."""
