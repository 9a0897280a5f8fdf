#pragma once
// Data files as they come: plain text, gzip or zstd by their first bytes. What is none of these and
// no text either is refused as what it is, with the remedy.
//
//   auto unpacked = unpack(bytes, path);
//   ByteView text = unpacked ? ByteView(*unpacked) : bytes;
//
// A pure function.

#include "runtime/base/bytes.h"

#include <optional>
#include <string>

namespace tramontane {

// Of what is unpacked at most; a file that would be larger is refused.
constexpr std::size_t unpacked_bytes_max = std::size_t{16} << 30;

// What is in the bytes where they are packed; nothing where they are not. Error(bad_input) with
// `name` for a damaged archive, and for what refuse_foreign() refuses, packed or not.
std::optional<Bytes> unpack(ByteView bytes, const std::string& name);

// By the first bytes: gzip or zstd.
bool is_packed(ByteView bytes);

// By the first bytes: Error(bad_input) for parquet, UTF-16, or the pointer that Git LFS leaves in
// place of a file.
void refuse_foreign(ByteView bytes, const std::string& name);

}  // namespace tramontane
