"""Five vignettes (Mondelli and coauthors): every statement beside what was measured."""
