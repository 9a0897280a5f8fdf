#pragma once
// What a child process owes its parent: it dies with it.
//
//   int main(int argc, char** argv) {
//     exec_child_if_asked(argc, argv);  // first of all: the signals and descriptors are still as
//     given if (argc == 2 && std::strcmp(argv[1], "serve-something") == 0) {
//       die_with_parent();
//       return serve_something();
//     }
//
// The kernel kills such a process when the *thread* that started it ends, which is why Child
// (child.h) starts all of them on one that never does. It no longer does so once the process has
// changed its user, or executed a program with set-user-id or capabilities.

#include <string>
#include <sys/types.h>
#include <vector>

namespace tramontane {

// From now on this process is killed (SIGKILL) when `parent` ends. Ends it at once if `parent` is
// gone already. Its own children must see to themselves.
void die_with_parent(pid_t parent);

// The same with the parent that Child::start() told of in TRAM_PARENT, which it removes from the
// environment: call it while the process has one thread. Where nobody told, the parent of this
// moment.
void die_with_parent();

inline constexpr const char* parent_variable = "TRAM_PARENT";

// Programs of others do not call die_with_parent(): this one does it for them, and then becomes
// them. Called by main() before anything else for the hidden subcommand
//
//   PROGRAM exec-child PARENT REPORT -- COMMAND…
//
// which executes COMMAND, looked for in PATH, as a child that dies with PARENT. If it cannot be
// executed, the error number is written to the descriptor REPORT, or the reason to standard error
// where REPORT is -1, and the exit status is 127. Also for `PROGRAM sweep-children PARENT
// GROUP…` (sweeper.h). With any other command line it only notes that this program can do so.
void exec_child_if_asked(int argc, char** argv);

// Whether main() has called exec_child_if_asked(). Any thread.
bool can_exec_child();

// The command line up to COMMAND, for children of this process.
std::vector<std::string> exec_child_command(int report);

}  // namespace tramontane
