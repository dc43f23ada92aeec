"""The process `jobs`: a parent that ticks and watches, and one forked child a lane that runs what is due. Never imports web."""
