// What the guest that asks everything and its hostile host share, the guest's assembly among them.
// No C++ here.
#ifndef MERLON_TESTS_SGX_ASKING_H
#define MERLON_TESTS_SGX_ASKING_H

// The guest's secret is this byte, over and over, so that wherever 15 of them lie a whole aligned
// word has nothing else. The host has it turned over.
#define SECRET_BYTE 0xe7
#define SECRET_TURNED_OVER 0x18

// How the guest ends when its host has done to it what nobody may. All else it takes from its host.
#define STATUS_VIOLATED 77

// Offsets in Asked.
#define ASKED_NUMBER 0
#define ASKED_ARGUMENTS 8
#define ASKED_LENT 56
#define ASKED_CHANGED 64

#endif
