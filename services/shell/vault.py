"""The vault: case ids come in, each case's key goes out, made on first asking.

Collection ``vault``, one document a case: ``{_id: case id, key: 32 bytes}``; after an erasure
``{_id, erased_at}`` for good, so that no later report can make the key again. What was sealed
under a destroyed key is lost in every copy of the log (PIPL's right to erasure); MongoDB's own
oplog and backups hold the old document until they roll over, so keep both windows short.

Who opens a contact, or erases one, is written to ``vault_log`` first: ``{at, who, what, cases}``.

The one rule to remember: a key is used only after a majority has it. It is inserted if absent; what
stood there before is read back, and counts: two instances that ask at once get the same key, and no
failover takes one away that already stands on the log.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from pymongo import ReadPreference, WriteConcern
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError, DuplicateKeyError
from pymongo.read_concern import ReadConcern

from services.shell.seal import KEY_BYTES
from services.shell.snapshots import DUPLICATE_KEY

Document = dict[str, Any]
READS_VAULT = ("intake", "router")
"""The services whose work it is to seal contacts and to open them. No other has a right to the
vault: the others' own secrets lie beside it, in the collection ``secrets``."""


class Vault:
    def __init__(
        self,
        database: AsyncDatabase[Document],
        who: str | None = None,
        collection: str = "vault",
    ) -> None:
        """`who` opens contacts: every opening and erasure is written to `vault_log` under it."""
        self._client = database.client
        self._who = who
        self._log: AsyncCollection[Document] = database.get_collection(
            "vault_log", write_concern=WriteConcern("majority")
        )
        self._documents: AsyncCollection[Document] = database.get_collection(
            collection,
            write_concern=WriteConcern("majority"),
            read_concern=ReadConcern("majority"),
            read_preference=ReadPreference.PRIMARY,
        )

    async def keys(self, case_ids: Iterable[str], create: bool = True) -> dict[str, bytes | None]:
        """The key of each case; None where it was erased or, without `create`, never made.

        One round trip for any number of cases that have none yet, as most have that ask for one;
        two more for those where somebody was faster.
        """
        wanted = list(dict.fromkeys(case_ids))
        if not wanted:
            return {}
        if not create:
            return await self._opened(wanted)
        found, taken = await self._made(wanted)
        if taken:
            found |= await self._others(taken)
        if len(found) < len(wanted):
            raise RuntimeError(f"{len(wanted) - len(found)} keys were inserted but not found again")
        return {case: found.get(case) for case in wanted}

    async def _opened(self, wanted: list[str]) -> dict[str, bytes | None]:
        """The keys, once it is written down who has them."""
        _, found = await asyncio.gather(self.note("open", wanted), self._find(wanted))
        return {case: found.get(case) for case in wanted}

    async def erase(self, case_id: str, by: str | None = None) -> bool:
        """Destroy the key of a case for good; whether there was one. Twice is once, and a case
        that has no key yet will never get one. `by`: whose wish it was."""
        await self.note("erase", [case_id], by)
        before = await self._documents.find_one_and_update(
            {"_id": case_id},
            [
                {"$set": {"erased_at": {"$ifNull": ["$erased_at", "$$NOW"]}}},
                {"$unset": "key"},
            ],
            upsert=True,
        )
        return before is not None and "key" in before

    async def log(self, case_id: str) -> list[Document]:
        """Who opened or erased what of this case, oldest first: ``{at, who, what}``."""
        found = self._log.find({"cases": case_id}, {"_id": False, "cases": False})
        return await found.sort("at", 1).to_list(None)

    async def note(self, what: str, cases: list[str], by: str | None = None) -> None:
        """Written before it is done: an opening that left no trace must not happen. A key may be
        on its way meanwhile, but nobody has it before."""
        who = " for ".join(name for name in (self._who, by) if name)
        if who:
            at = datetime.now(UTC)
            await self._log.insert_one({"at": at, "who": who, "what": what, "cases": cases})

    async def secret(self, name: str) -> bytes:
        """A secret of the whole installation (for pseudonyms), 32 bytes, made once."""
        address = f"secret:{name}"
        value = (await self.keys([address]))[address]
        if value is None:
            raise RuntimeError(f"the secret {name!r} was erased")
        return value

    async def _find(
        self, cases: list[str], session: AsyncClientSession | None = None
    ) -> dict[str, bytes | None]:
        """What stands there, tombstones as None; in one batch, since keys are small."""
        everything = len(cases) + 1
        cursor = self._documents.find({"_id": {"$in": cases}}, session=session)
        documents = await cursor.batch_size(everything).to_list(everything)
        return {document["_id"]: document.get("key") for document in documents}

    async def _made(
        self, cases: list[str], session: AsyncClientSession | None = None
    ) -> tuple[dict[str, bytes | None], list[str]]:
        """Make keys; and the cases where somebody was faster: theirs stands. What a majority has
        acknowledged as inserted is what stands there: nobody changes a key."""
        fresh: dict[str, bytes | None] = {case: secrets.token_bytes(KEY_BYTES) for case in cases}
        documents = [{"_id": case, "key": key} for case, key in fresh.items()]
        try:
            if len(documents) == 1:  # as reports come mostly, and at two thirds of the price
                await self._documents.insert_one(documents[0], session=session)
            else:
                await self._documents.insert_many(documents, ordered=False, session=session)
        except DuplicateKeyError:
            return {}, cases
        except BulkWriteError as error:
            details = error.details or {}
            others = [e for e in details["writeErrors"] if e["code"] != DUPLICATE_KEY]
            if others or details["writeConcernErrors"]:
                raise
            taken = [cases[e["index"]] for e in details["writeErrors"]]
            for case in taken:
                del fresh[case]
            return fresh, taken
        return fresh, []

    async def _others(self, cases: list[str]) -> dict[str, bytes | None]:
        """The keys that somebody else has made. They are met once more in a causal session, which
        is dear and so is not taken for fresh keys: what it then reads is not older than what it
        met, so that another's fresh key is never taken for an erased one."""
        async with self._client.start_session(causal_consistency=True) as session:
            made, taken = await self._made(cases, session)
            return made | await self._find(taken, session)


def vault_of(database: AsyncDatabase[Document], service: str) -> Vault:
    """The vault as a service may use it."""
    return Vault(database, service, "vault" if service in READS_VAULT else "secrets")
