# SPDX-License-Identifier: Apache-2.0
"""The module against a real OpenBao."""
sections = []
