"""A stand-in for the IBM Cloud APIs over real HTTP, and fictional accounts to serve with it.

    with Sandbox(sample_account()) as sandbox:
        subprocess.run(command, env={**os.environ, **sandbox.environment})

It imports nothing else of this project: that two readings of the API's documentation, this
one and the collector's, agree is a test of both.
"""

from .account.account import ABSENT, Account
from .api.faults import Fault, read_faults
from .api.server import Sandbox
from .generated.account import account_of_size, generated_account
from .sample.account import EARLIER_BY, earlier_sample_account, sample_account

__all__ = [
    "ABSENT",
    "EARLIER_BY",
    "Account",
    "Fault",
    "Sandbox",
    "account_of_size",
    "earlier_sample_account",
    "generated_account",
    "read_faults",
    "sample_account",
]
