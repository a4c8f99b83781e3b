"""Training and judging the classifier: what needs scikit-learn, and no service does."""
