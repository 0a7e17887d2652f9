// SPDX-License-Identifier: Apache-2.0
module measure

go 1.24
