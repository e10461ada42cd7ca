"""What MongoDB and its drivers say, as an error that tells a person what to do. Never with the address' password."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chatops.engine.errors import ChatopsError, InvalidRequestError, StoreError
from chatops.engine.stores.mongo_address import MongoAddress

if TYPE_CHECKING:
    from pymongo.errors import OperationFailure

_ADVICE = {
    13: "this user may not do that there; give it the role readWrite on this database",  # Unauthorized
    18: "the name or password was refused; check both, and authSource, in the setting `database`",  # Authentication...
    8000: "the name or password was refused; check both, and authSource, in the setting `database`",  # Atlas' own
    85: "an index of another shape is there already; was it made by hand?",  # IndexOptionsConflict
    86: "an index of another shape is there already; was it made by hand?",  # IndexKeySpecsConflict
    14031: "the server's disk is full; free some space and try again",  # OutOfDiskSpace
}
_TOO_LARGE = {10334, 17419, 17420}  # BSONObjectTooLarge; after an update, by the server's own numbers


@contextmanager
def explained(address: MongoAddress) -> Generator[None, None, None]:
    """Raises what a call met in our own terms; our own errors pass.

    Raises:
        StoreError: The server is gone, refuses us, or failed.
        InvalidRequestError: No database could hold this value.
    """
    from bson.errors import BSONError
    from pymongo.errors import (
        ConnectionFailure,
        DocumentTooLarge,
        InvalidOperation,
        OperationFailure,
        PyMongoError,
    )

    where = f"cannot use the database {address}"
    try:
        yield
    except ChatopsError:
        raise
    except (BSONError, DocumentTooLarge, UnicodeEncodeError, OverflowError) as error:
        # The driver's sentence may quote the whole document.
        reason = str(error) if isinstance(error, OverflowError | UnicodeEncodeError) else type(error).__name__
        raise InvalidRequestError(f"the database cannot hold this value: {reason}") from None
    except OperationFailure as error:
        if _is_too_large(error):
            raise InvalidRequestError("the database cannot hold this value: a message may have 16 MB") from None
        said = _ADVICE.get(_code(error), f"it answered {_name(error)}")
        raise StoreError(f"{where}: {said}") from None
    except ConnectionFailure as error:
        raise StoreError(
            f"{where}: no server there takes writes ({type(error).__name__}); check that MongoDB runs, the host and"
            " port, and the network between"
        ) from None
    except InvalidOperation:
        raise StoreError(f"{where}: it was closed") from None
    except PyMongoError as error:
        raise StoreError(f"{where}: {type(error).__name__}") from None


def _code(error: OperationFailure) -> int:
    """The server's number for it; of many writes at once, that of the first that failed."""
    failed = (error.details or {}).get("writeErrors") or [{}]
    return int(failed[0].get("code") or error.code or 0)


def _is_too_large(error: OperationFailure) -> bool:
    # For one of many inserts the server's number is that of any bad value (2); only the words tell.
    said = str((error.details or {}).get("writeErrors") or "")
    return _code(error) in _TOO_LARGE or "too large" in said


def _name(error: OperationFailure) -> str:
    return f"{(error.details or {}).get('codeName') or type(error).__name__} ({_code(error)})"
