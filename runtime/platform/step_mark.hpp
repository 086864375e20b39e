// SPDX-License-Identifier: BSL-1.0
#pragma once

// Names this place in the code for a debugger: the address goes, with `name`, into a section of the executable that is never
// loaded, and no instruction is added. tests/campaigns/step plants a breakpoint there and kills the process some
// instructions later. The section counts as debug information, so that the linker may drop the function and strip the entry.
#define TROUPE_STEP_MARK(name)                             \
  asm inline volatile(                                     \
      "771:\n"                                             \
      ".pushsection .debug_troupe_steps,\"\",%%progbits\n" \
      ".8byte 771b\n"                                      \
      ".asciz \"" name                                     \
      "\"\n"                                               \
      ".popsection" ::)
