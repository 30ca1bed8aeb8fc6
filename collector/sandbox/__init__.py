"""A stand-in for the IBM Cloud APIs over real HTTP, and fictional accounts to serve with it.

    with Sandbox(sample_account()) as sandbox:
        subprocess.run(command, env={**os.environ, **sandbox.environment})

It imports nothing else of this project: that two readings of the API's documentation, this
one and the collector's, agree is a test of both.
"""

from .faults import Fault, read_faults
from .generated import account_of_size, generated_account
from .objects import ABSENT, Account
from .sample import earlier_sample_account, sample_account
from .server import Sandbox

__all__ = [
    "ABSENT",
    "Account",
    "Fault",
    "Sandbox",
    "account_of_size",
    "earlier_sample_account",
    "generated_account",
    "read_faults",
    "sample_account",
]
