# SPDX-License-Identifier: Apache-2.0
import pytest

pytest.importorskip("pettingzoo")

from pettingzoo.test import parallel_api_test, parallel_seed_test
from sluice.multi_agent import DesignParallelEnv


@pytest.mark.parametrize("agents", ["parameter", "group"])
def test_the_interface_and_its_seeds(small_sweep, agents):
    parallel_api_test(DesignParallelEnv(small_sweep, agents=agents), num_cycles=50)
    parallel_seed_test(lambda: DesignParallelEnv(small_sweep, agents=agents))


def test_agents_are_parameters_or_groups(small_sweep):
    assert DesignParallelEnv(small_sweep).possible_agents == [
        "rows",
        "columns",
        "dataflow",
        "double_buffered",
    ]
    env = DesignParallelEnv(small_sweep, agents="group")
    assert env.possible_agents == ["array", "dataflow", "double_buffered"]
    assert env.action_space("array").nvec.tolist() == [4, 4]
    env.reset(seed=1)
    _, rewards, *_ = env.step({"array": [2, 2], "dataflow": 0, "double_buffered": 0})
    assert rewards == {"array": 0.0, "dataflow": 0.0, "double_buffered": 0.0}
    assert env.state().shape == env.observation_space("array").shape


def test_mistakes(small_sweep):
    with pytest.raises(ValueError, match="agents: there is no 'groups'; known: parameter, group"):
        DesignParallelEnv(small_sweep, agents="groups")
