"""A log read again in one process: the folds of all four services, and the promises that it keeps."""
