"""Reading of the data files that study files name: CSV tables and npz archives."""
