#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Usage: scripts/check.sh
#
# Runs exactly what continuous integration runs: .ci/run, without standard input and with CI=true.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

if (($# > 0)); then unknown_option "$1"; fi
CI=true exec bash "$root/.ci/run" < /dev/null
