"""Tests of the tests: members with one mistake each. A contract that lets one of them pass is no contract."""
