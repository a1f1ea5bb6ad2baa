-- Events from before this time: nobody who has their jobs has come for them.
delete from _outbox where at < $1 returning number
