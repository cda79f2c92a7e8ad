DROP TABLE rollups_unpacked;
