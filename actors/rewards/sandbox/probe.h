#pragma once
// What the kernel allows, found by trying: functions that run in a jail and do what must fail.

#include "actors/rewards/sandbox/program.h"
#include "actors/rewards/sandbox/room.h"

namespace tramontane::sandbox {

Report probe(Room& room);

}  // namespace tramontane::sandbox
