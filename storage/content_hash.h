#pragma once
// What is in a file, as 16 hexadecimal digits (XXH3): tells a change, not an attack.

#include "runtime/base/bytes.h"

#include <string>

namespace tramontane {

std::string content_hash(ByteView bytes);

}  // namespace tramontane
