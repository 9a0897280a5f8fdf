#pragma once
// The end of a log file, to be kept with the record of who wrote it.
//
//   record.last_lines = log_tail(folder + "/worker.log");
//
// Reads 64 KiB at most, however large the file or a line is. Any thread; the file may grow
// meanwhile.

#include <cstddef>
#include <string>
#include <vector>

namespace tramontane {

// The last lines without their ends, the oldest first; a last line that is not ended counts. Valid
// UTF-8 without control characters but tabs: U+FFFD stands for each byte that was something else.
// A line that begins before what is read, or has over 4 KiB, is cut in front and begins with "…".
// Nothing for a file that is empty, is missing or cannot be read, and for what is no regular file.
std::vector<std::string> log_tail(const std::string& path, std::size_t lines_max = 50);

}  // namespace tramontane
