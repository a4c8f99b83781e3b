"""Moving a county's log to more partitions: `recipe` says how."""
