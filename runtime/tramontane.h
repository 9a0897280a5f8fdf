#pragma once
// The whole runtime for programs that embed it.

#include "runtime/actor/actor.h"
#include "runtime/actor/actor_group.h"
#include "runtime/actor/actor_ref.h"
#include "runtime/actor/system.h"
#include "runtime/actor/watch.h"
#include "runtime/base/bytes.h"
#include "runtime/base/check.h"
#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/base/metrics.h"
#include "runtime/base/random.h"
#include "runtime/base/result.h"
#include "runtime/wire/message.h"
