#pragma once
// The environment of a child: what this program and its libraries read, and nothing else of it. A
// variable that happens to be set here (a key of some service, PYTHONPATH, LD_PRELOAD) is not
// passed on to every process of a cluster. Programs of the user's own, such as graders, get the
// whole.
//
// Passed on: PATH, HOME, TMPDIR, LANG, LC_*, TZ, XDG_CACHE_HOME, LD_LIBRARY_PATH, OMP_NUM_THREADS;
// TRAM_*; what HTTP goes by (*_proxy, SSL_CERT_FILE, SSL_CERT_DIR); the options of sanitizers.
// Never TRAM_TOKEN*, which lets one into a cluster, unless `keep` names it in full; and no PYTHON*:
// a Python program is a grader, or in a sandbox that has an environment of its own.
//
// Pure, but that it reads the environment: while no thread changes it.

#include "runtime/node/child.h"

#include <string>
#include <vector>

namespace tramontane {

// NAME=value, each name once, sorted.
std::vector<std::string> child_environment(const ChildOptions& options);

}  // namespace tramontane
