# Run by ctest with -P; each step stops the test when it fails.
function(step)
  execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${SCRATCH})
step(${CMAKE_COMMAND} --install ${TREE} --prefix ${SCRATCH}/prefix)
step(${CMAKE_COMMAND} -S ${CONSUMER} -B ${SCRATCH}/build -G Ninja -D CMAKE_PREFIX_PATH=${SCRATCH}/prefix
     -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_BUILD_TYPE=${BUILD_TYPE})
step(${CMAKE_COMMAND} --build ${SCRATCH}/build)
step(${SCRATCH}/build/consumer)
step(${CMAKE_COMMAND} -S ${PLUGIN_EXAMPLE} -B ${SCRATCH}/plugin -G Ninja -D CMAKE_PREFIX_PATH=${SCRATCH}/prefix
     -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_BUILD_TYPE=${BUILD_TYPE})
step(${CMAKE_COMMAND} --build ${SCRATCH}/plugin)
step(${SCRATCH}/plugin/use_pillar_scatter ${SCRATCH}/plugin/pillar_scatter.so)
