#pragma once

// The server of a sandbox: a process of one thread that starts programs and watches them.
//
// It prepares once what every run shares (a network namespace without a network, a root of
// read-only binds, the filter of system calls, cgroups), tries what the kernel allows, reports
// that, and then answers requests (wire.h) one by one. Per run it makes a process in new pid, mount
// and ipc namespaces (cell.h), which goes into its cgroups, and is killed with all its children.

namespace tramontane::sandbox {

// Serves on the socket `descriptor` until its other end is closed; the exit status. The process
// must have one thread. Called by main() for the hidden subcommand `serve-sandbox N`.
int serve_sandbox(int descriptor);

// Calls serve_sandbox() and ends the process, if the command line is `PROGRAM serve-sandbox N`.
// The first thing in main(), before any thread.
void serve_sandbox_if_asked(int argc, char** argv);

}  // namespace tramontane::sandbox
