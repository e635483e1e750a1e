"""The experiments of mean-field-laws, one a file."""
