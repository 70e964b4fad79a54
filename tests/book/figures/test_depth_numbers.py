"""Numbers of the figures on depth that take longer to count than a figure's cases may."""

from __future__ import annotations

from ..test_figures import python_half
from .network_budget_cases import counted


def test_the_deep_networks_cost_what_their_table_says() -> None:
    for net in python_half("network_budget").STATE["nets"][6:]:
        assert net == counted(net["name"]), net["name"]
