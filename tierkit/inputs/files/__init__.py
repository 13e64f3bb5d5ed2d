"""Files as they stand: CSV, Parquet, Excel and DuckDB, with the line of every row."""
