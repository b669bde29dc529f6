// Where the headers of all unit tests are compiled beforehand (room.cmake).
