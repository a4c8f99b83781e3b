"""The story of one case, in words: what happened, who did it, by which rule, against which clock."""
