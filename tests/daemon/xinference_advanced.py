# SPDX-License-Identifier: Apache-2.0
def run(t, build, folder, seen):
    pass
