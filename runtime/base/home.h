#pragma once
// What this user's Tramontane keeps on this machine between commands: one folder, and in it the
// token that admits to its processes.
//
//   std::string folder = home_folder();               // made if it is not there, mode 0700
//   AccessToken token = token_of(folder + "/token");        // made if it is not there, mode 0600
//
// Thread rule: any. Two processes that make the token at once have the same one.

#include "runtime/base/bytes.h"

#include <array>
#include <cstddef>
#include <string>

namespace tramontane {

// `$TRAM_HOME`, else `$XDG_STATE_HOME/tramontane`, else `~/.local/state/tramontane`; absolute.
// Error(io) if it cannot be made; Error(bad_input) if there is no home to speak of.
std::string home_folder();

// 32 random bytes, in its file as 64 hexadecimal digits.
using AccessToken = std::array<std::byte, 32>;

// Error(bad_input): others may read the file, or it holds something else; Error(io).
AccessToken token_of(const std::string& path);

// As in its file.
std::string token_text(const AccessToken& token);

// From the kernel. Error(io).
void random_bytes(std::byte* into, std::size_t count);

// Takes as long whatever they are. Texts of different lengths are different.
bool equal_in_constant_time(ByteView one, ByteView other);

}  // namespace tramontane
