#pragma once
// The sessions of browsers in a file, so that who has logged in stays so when the process that asks
// him is started again. Whoever reads the file may do as they may: it lies beside the token, mode
// 0600.
//
//   KeptSessions kept = read_sessions(path);
//   write_sessions(path, kept);
//
// Thread rule: one writer at a time.

#include <cstdint>
#include <string>
#include <vector>

namespace tramontane {

struct KeptSession {
  std::string secret;
  std::int64_t until_us = 0;  // wall

  bool operator==(const KeptSession&) const = default;
};

struct KeptSessions {
  std::string cookie;  // its name; empty: none are kept
  std::vector<KeptSession> sessions;

  bool operator==(const KeptSessions&) const = default;
};

// None of a file that is not there, that others may read, or that holds something else.
KeptSessions read_sessions(const std::string& path);

// Under another name first, so that the file is whole or as it was. False if it cannot be written.
bool write_sessions(const std::string& path, const KeptSessions& kept);

}  // namespace tramontane
