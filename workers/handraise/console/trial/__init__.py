"""Trying a policy on the past: whole conversations from Kafka, folded under the old policy and under the new one."""
