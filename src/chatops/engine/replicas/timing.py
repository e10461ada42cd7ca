"""How long what between replicas takes. Seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The defaults serve; tests are in a hurry.

    Attributes:
        beat: What a process' turns gain within this goes to Redis together.
        renew: How often running turns are kept from expiring, and those that Redis has forgotten are noticed.
        patience: A Redis that says nothing for so long is taken for gone; above the second that a wait for news lasts.
        silence: After so long without an event of a turn the store is asked whether it still runs.
        look: How often that is looked at.
        appears: How long a turn that another process has begun may need to be there: some beats. One that is never
            there runs in a process that tells nobody, and is looked at again in the store.
        late: How long the last events of a turn may be on their way that has just ended.
        stop: How long to wait for the end of a turn that was stopped: twice a dead process' lease.
    """

    beat: float = 0.05
    renew: float = 3.0
    patience: float = 3.0
    silence: float = 3.0
    look: float = 1.0
    appears: float = 0.5
    late: float = 0.2
    stop: float = 20.0
