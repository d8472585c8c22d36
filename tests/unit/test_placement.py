"""Keys are placed where any producer places them."""

from __future__ import annotations

from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from handraise.engine.placement import place


@given(key=st.binary(max_size=40), partitions=st.integers(1, 60))
def test_a_key_is_placed_as_the_client_of_kafka_does_it(key: bytes, partitions: int) -> None:
    everywhere = list(range(partitions))
    assert place(key, partitions) == DefaultPartitioner()(key, everywhere, everywhere)


def test_a_key_is_placed_as_the_java_client_does_it() -> None:
    """From Kafka's own tests of its hash: the low bits of -973932308 and -790332482, without the sign."""
    assert place(b"21", 1_000) == (-973932308 & 0x7FFFFFFF) % 1_000
    assert place(b"foobar", 1_000) == (-790332482 & 0x7FFFFFFF) % 1_000
