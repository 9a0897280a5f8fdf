#pragma once
// The filter of system calls: an allow-list, by libseccomp. A call that is not on it fails with
// EPERM; clone3 fails with ENOSYS, so that the C library falls back to clone, whose flags the
// filter can see. Calls of another architecture kill.
//
// Not on it, among others: socket, ptrace, process_vm_*, mount, unshare, setns, bpf, keyctl,
// io_uring_*, perf_event_open, userfaultfd, open_by_handle_at, personality, chroot.

#include <linux/filter.h>
#include <string>
#include <vector>

namespace tramontane::sandbox {

using FilterCode = std::vector<sock_filter>;

// Made once; empty with the reason if libseccomp refuses.
FilterCode make_filter(std::string& why);

// Puts this process under it for good. False with errno.
bool install_filter(const FilterCode& code);

}  // namespace tramontane::sandbox
