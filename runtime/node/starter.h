#pragma once
// The thread that starts all children of this program. The kernel's parent-death signal, by which
// they die with it (parent.h), fires when the thread that started them ends: a pool's thread that
// is joined would take the children of others with it. This one is started on first use and never
// ends before the process does; it is not joined at exit, and touches nothing that is destroyed
// there.
//
//   on_starter([&] { failed = ::posix_spawnp(&pid, …); });
//
// A process that was forked from this one gets a thread of its own. Any thread.

#include <functional>

namespace tramontane {

// Runs `work` on that thread and returns when it is done; works of several callers run one after
// another. `work` does not throw, and does not come here again. Error(io) if there can be no
// thread.
void on_starter(const std::function<void()>& work);

}  // namespace tramontane
