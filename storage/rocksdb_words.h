#pragma once
// RocksDB's own words, from warnings on, in a file. Its own writer of them aborts the program once
// a line could not be written; here such a line is lost.

#include <memory>
#include <string>

namespace rocksdb {

class Logger;

}

namespace tramontane {

// `path` empty: nothing is written. At most 1 MiB, then silence.
std::shared_ptr<rocksdb::Logger> rocksdb_words(const std::string& path);

}  // namespace tramontane
