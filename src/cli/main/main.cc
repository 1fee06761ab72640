#include "cli/run.h"

int main(int argc, char** argv) { return rhizo::cli::Run(argc, argv); }
