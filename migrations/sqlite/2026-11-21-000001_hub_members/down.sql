DROP TABLE hub_members;
