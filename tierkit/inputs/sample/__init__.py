"""A simulated company with known truth: the demo, and the yardstick of every recovery test."""

from tierkit.inputs.sample.company import Sample, simulate_company, write_sample

__all__ = ["Sample", "simulate_company", "write_sample"]
