#pragma once
// Commands as a user can paste them into a shell.
//
//   shell_command({program_as_called(), "resume", run});   // build/tram resume 'my runs/one'
//
// Pure, but for program_as_called(), which asks the kernel. Any thread.

#include <initializer_list>
#include <string>
#include <string_view>

namespace tramontane {

// The word as a POSIX shell reads it back: as it is where that is safe, else in single quotes.
std::string shell_quoted(std::string_view word);

// The words quoted, a space between two.
std::string shell_command(std::initializer_list<std::string_view> words);

// The first word of this process's command line: what was typed to start it. "tram" where the
// kernel does not say.
std::string program_as_called();

}  // namespace tramontane
