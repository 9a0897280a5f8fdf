#pragma once
// The sweeper is a process that outlives this one by a moment, and kills what its children leave.
//
//   sweep_later(child);    // it leads a group of its own
//   sweep_no_more(child);  // its group is dead, and its number is about to be given back
//
// A child dies with this process by the kernel's hand, even after kill -9 (parent.h); what it has
// forked itself does not. So the groups of children that may fork are told to one small process,
// which this program starts of itself with the first of them, and again should it be gone. It waits
// for the end of this process, kills (SIGKILL) the groups that are left, and ends. Who leaves the
// group of his parent (setsid, a daemon) escapes it.
//
// A process that was forked from this one gets a sweeper of its own. Any thread.

#include <set>
#include <sys/types.h>

namespace tramontane {

// Does nothing where this program cannot be started as a sweeper (can_exec_child()). Error as of
// Child::start().
void sweep_later(pid_t group);
void sweep_no_more(pid_t group) noexcept;

// Is the sweeper of `parent`, with these groups and those that it is told of on the descriptor
// sweeper_socket; for exec_child_if_asked().
[[noreturn]] void be_the_sweeper(pid_t parent, std::set<pid_t> groups);

inline constexpr int sweeper_socket = 3;

}  // namespace tramontane
