import time
import uuid

from chatops.engine.ids import new_id, now_ms


def test_an_id_is_a_uuid_of_version_7_that_holds_the_time() -> None:
    before = now_ms()
    made = uuid.UUID(new_id())
    after = now_ms()

    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert before <= made.int >> 80 <= after + 1


def test_ids_sort_in_the_order_they_were_made() -> None:
    ids = [new_id() for _ in range(5000)]

    assert sorted(set(ids)) == ids


def test_now_is_unix_milliseconds() -> None:
    assert abs(now_ms() - time.time() * 1000) < 1000
