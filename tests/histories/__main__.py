"""`python -m tests.histories`: renew the histories."""

from tests.histories.making import renew

print(renew())
