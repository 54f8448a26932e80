// Every page works without this. It moves the focus to the list of errors in a form.
DKFDS.init();
