#include "runtime/base/pieces.h"

namespace tramontane {

std::uint64_t Pieces::size() const {
  std::uint64_t size = 0;
  for (ByteView view : views_) size += view.size();
  return size;
}

Bytes Pieces::joined() const {
  Bytes bytes;
  bytes.reserve(size());
  for (ByteView view : views_) bytes.insert(bytes.end(), view.begin(), view.end());
  return bytes;
}

}  // namespace tramontane
