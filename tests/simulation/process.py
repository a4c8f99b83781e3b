"""One instance of a service: the real step, on what is simulated beneath it.

A plan may let it die after so many awaits; a step that fails ends it, as in production.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextvars import Context, copy_context
from copy import copy
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from aiokafka import TopicPartition

from services.decider import Decider
from services.intake import app as intake
from services.router.contacts import Contacts
from services.shell.publishing import Dress, Publisher, as_they_are
from services.shell.settings import Settings
from services.shell.snapshots import Snapshots
from services.shell.step import Step
from tests.simulation.broker import Broker, Consumer, Producer
from tests.simulation.loop import PROCESS
from tests.simulation.store import Store

if TYPE_CHECKING:
    from tests.simulation.world import World

INCARNATION = "simulated"
NO_TOOLS: Any = None
"""Nothing is sealed here, so no vault is asked."""
DRESSES: dict[str, Dress] = {
    "intake": intake.ToTheirCases(),
    "router": Contacts(NO_TOOLS),
}
"""The services' own last touches on their messages."""
UNHURRIED = {"intake": intake.SERVICE.unhurried}
"""Who reads one of its lanes in lots."""


class DeadLetters:
    """Words and bytes as they are: sealing is tested elsewhere."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.reasons: list[str] = []

    async def put(self, topic: str, key: bytes | None, value: bytes | None, reason: str) -> None:
        await self.broker.network.trip()
        self.broker.append(TopicPartition(f"{topic}.dead", 0), key, value)
        self.reasons.append(reason)


_prototypes: dict[int, Snapshots[Any]] = {}


def stored(decider: Decider[Any], store: Store) -> Snapshots[Any]:
    """The real snapshots on this store. To learn how states are written takes milliseconds, so one
    of each is made, and copied."""
    if id(decider) not in _prototypes:
        _prototypes[id(decider)] = Snapshots(cast(Any, store), decider, INCARNATION)
    snapshots = copy(_prototypes[id(decider)])
    snapshots.collection = cast(Any, store[f"{decider.service}_cases"])
    snapshots.up_to = cast(Any, store["folded"])
    return snapshots


class Process:
    def __init__(self, world: World, decider: Decider[Any], name: str, settings: Settings) -> None:
        self.name = name
        self.decider = decider
        self.world = world
        self.dead = False
        self.frozen = False
        self.parked: list[asyncio.Handle] = []
        self.lives: int | None = None
        """How many awaits are left to it, if it is to die."""
        self.last_words: int | None = None
        """How many batches it will still send before it dies in the middle of sending."""
        self.last_write = False
        """Whether it is to die while its next documents are on their way."""
        self.skew = 0.0
        """Seconds by which its clock is wrong."""
        self.ended: asyncio.Future[None] = world.loop.create_future()
        self.tasks: list[asyncio.Task[Any]] = []
        self.consumer = Consumer(world.broker, decider.service, world.network.chance)
        self._context = self._own_context()
        self.step: Step[Any] = self._context.run(self._made, settings)

    def _own_context(self) -> Context:
        context = copy_context()
        context.run(PROCESS.set, self)
        return context

    def _made(self, settings: Settings) -> Step[Any]:
        world = self.world
        producer = Producer(world.broker)
        service = self.decider.service
        dress = DRESSES.get(service, as_they_are)
        publisher = Publisher(service, settings, cast(Any, producer), dress)
        snapshots = world.snapshots(self.decider)
        letters = world.dead_letters
        step = Step(
            self.decider,
            settings,
            world.rulebooks,
            snapshots,
            publisher,
            letters,
            on_demand=True,
            unhurried=UNHURRIED.get(service),
        )
        step.subscriber = SimpleNamespace(consumer=self.consumer)
        return step

    def starts(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Something that this process does."""
        task = self.world.loop.create_task(work, context=self._context)
        self.tasks.append(task)
        return task

    def runs(self) -> None:
        self.starts(self.step.run()).add_done_callback(self._stopped)

    def _stopped(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled():
            error = task.exception()
            self.world.tell(f"{self.name} ends: {error!r}" if error else f"{self.name} stops")
        self.dies()

    def awaited(self) -> None:
        if self.lives is not None and not self.dead and not self.frozen:
            self.lives -= 1
            if self.lives <= 0:
                self.world.tell(f"{self.name} is killed")
                self.dies()

    def speaks(self) -> None:
        """It is about to send a batch: the moment to die, if that was the plan."""
        if self.last_words is not None:
            self.last_words -= 1
            if self.last_words < 0:
                self.world.tell(f"{self.name} is killed while it sends")
                self.dies()

    def has_written(self) -> None:
        """Its documents are on their way."""
        if self.last_write:
            self.world.tell(f"{self.name} is killed while it saves")
            self.dies()

    def spared(self) -> None:
        """Nothing more is planned for it."""
        self.lives = self.last_words = None
        self.last_write = False
        self.skew = 0.0

    def dies(self) -> None:
        self.dead = True
        self.spared()
        if not self.ended.done():
            self.ended.set_result(None)

    def freezes(self) -> None:
        self.frozen = True

    def thaws(self) -> None:
        self.frozen = False
        self.world.loop.thaw(self)

    @property
    def works(self) -> bool:
        return not self.dead and not self.frozen

    def is_quiet(self) -> bool:
        """It has read all that it owns, and nothing is on its way."""
        step = self.step
        if step.folding or step.unanswered():
            return False
        for number, desk in step.desks.items():
            for topic, lane in self.lanes.items():
                end = len(self.world.broker.log(TopicPartition(topic, number)))
                if desk.positions[lane] < end:
                    return False
        return True

    @property
    def lanes(self) -> dict[str, str]:
        lanes = {self.step.log: "log"}
        return lanes | ({self.step.commands: "commands"} if self.step.commands else {})
