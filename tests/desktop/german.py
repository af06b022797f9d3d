"""German texts for the screenshots and the layout tests: long words, none may be cut."""

from __future__ import annotations

WORDS = {
    "Databases": "Datenbanken",
    "AI apps": "KI-Apps",
    "Activity": "Aktivität",
    "New database": "Neue Datenbank",
    "Not saved yet": "Noch nicht gespeichert",
    "Production": "Produktion",
    "Staging": "Staging",
    "Test": "Test",
    "On": "Ein",
    "Off": "Ausgeschaltet",
    "Password refused": "Passwort abgelehnt",
    "Sales": "Vertrieb",
    "Web shop (staging)": "Webshop (Staging)",
    "Support": "Kundendienst",
    "On since {time}": "Eingeschaltet seit {time}",
    "read only": "nur lesend",
    "How AI apps reach this database": "So erreichen KI-Apps diese Datenbank",
    "Change it any time. Connected apps keep working.": (
        "Jederzeit änderbar. Verbundene Apps arbeiten weiter."
    ),
    "Address": "Adresse",
    "Access token": "Zugriffstoken",
    "Connect an app": "App verbinden",
    "Connected, last seen {time}": "Verbunden, zuletzt gesehen um {time}",
    "Waiting for first contact": "Wartet auf die erste Verbindung",
    "Not connected": "Nicht verbunden",
    "Not installed on this computer": "Auf diesem Computer nicht installiert",
    "Today": "Heute",
    "Show activity": "Aktivität anzeigen",
    "questions": "Fragen",
    "typical time": "typische Dauer",
    "refused": "abgelehnt",
    "Latest questions": "Letzte Fragen",
    "{count} rows": "{count} Zeilen",
    "AI apps can read 42 tables and change nothing.": (
        "KI-Apps können 42 Tabellen lesen und nichts verändern."
    ),
    "Add a database": "Datenbank hinzufügen",
    "Import…": "Importieren…",
    "Paste what you were given": "Zugangsdaten einfügen",
    "A link, a command, an .env file: anything works": (
        "Ein Link, ein Befehl, eine .env-Datei: alles geht"
    ),
    "Read {count} fields.": "{count} Felder erkannt.",
    "The password goes to the keyring of this computer.": (
        "Das Passwort kommt in den Schlüsselbund dieses Computers."
    ),
    "Name": "Name",
    "Label": "Kennzeichnung",
    "No label": "Keine Kennzeichnung",
    "Server": "Server",
    "Database": "Datenbank",
    "User": "Benutzername",
    "Password": "Passwort",
    "Type it once more": "Bitte noch einmal eingeben",
    "Never shown again and never written to a file.": (
        "Wird nie wieder angezeigt und nie in eine Datei geschrieben."
    ),
    "Encryption (TLS)": "Verschlüsselung (TLS)",
    "Required": "Erforderlich",
    "Stopped at step {number} of {count}": "Angehalten bei Schritt {number} von {count}",
    "Check again": "Erneut prüfen",
    "Find the server": "Server finden",
    "Open the SSH tunnel": "SSH-Tunnel öffnen",
    "Reach port {port}": "Port {port} erreichen",
    "Reach the socket": "Socket erreichen",
    "Encrypt the connection": "Verbindung verschlüsseln",
    "Log in": "Anmelden",
    "Open the database": "Datenbank öffnen",
    "Read its tables": "Tabellen lesen",
    "What this login may do": "Rechte dieser Anmeldung",
    "Not reached": "Nicht erreicht",
    "The server refused this login.": "Der Server hat diese Anmeldung abgelehnt.",
    "The password or the user “analytics” is not right; upper and lower case count.": (
        "Das Passwort oder der Benutzer „analytics“ stimmt nicht. "
        "Groß- und Kleinschreibung wird unterschieden."
    ),
    "Type it again": "Neu eingeben",
    "Copy for my administrator": "Für Administrator kopieren",
    "Nothing is saved yet.": "Noch ist nichts gespeichert.",
    "Check the connection to switch it on.": "Zum Einschalten bitte zuerst prüfen.",
    "Cancel": "Abbrechen",
    "Save for later": "Für später speichern",
    "Save and switch on": "Speichern und einschalten",
    "AI apps ": "KI-Apps ",
    "First question": "Erste Frage",
    "Connect a database to your AI apps": "Verbinden Sie eine Datenbank mit Ihren KI-Apps",
    "Paste the connection your colleague or provider gave you.": (
        "Fügen Sie die Zugangsdaten ein, die Sie von Kollegen oder Anbietern bekommen haben."
    ),
    "Check it": "Jetzt prüfen",
    "The clipboard holds a connection": "Die Zwischenablage enthält Zugangsdaten",
    "{database} on {host}, user {user}": "{database} auf {host}, Benutzer {user}",
    "Use it": "Verwenden",
    "Or start another way": "Oder anders beginnen",
    "Fill in a form": "Formular ausfüllen",
    "Server, user and password, one line each.": (
        "Server, Benutzer und Passwort, je eine eigene Zeile."
    ),
    "Import": "Importieren",
    "From an .env file or any text that holds a connection.": (
        "Aus einer .env-Datei oder einem Text, der Zugangsdaten enthält."
    ),
    "Choose a file": "Datei auswählen",
    "Sample database": "Beispieldatenbank",
    "A small shop with orders and customers. Nothing to set up.": (
        "Ein kleiner Laden mit Bestellungen und Kunden. Nichts einzurichten."
    ),
    "Try the sample database": "Beispieldatenbank ausprobieren",
    "Password stays in this computer’s keyring": "Passwort bleibt im Schlüsselbund",
    "AI apps can read, not change": "KI-Apps können lesen, nicht ändern",
    "Every change can be undone": "Jede Änderung lässt sich zurücknehmen",
    "Choose which apps may ask which databases.": (
        "Wählen Sie, welche Apps welche Datenbanken fragen dürfen."
    ),
    "{count} connected": "{count} verbunden",
    "{count} waiting": "{count} wartend",
    "{count} ready to connect": "{count} bereit zum Verbinden",
    "Connect": "Verbinden",
    "Change": "Ändern",
    "Found on this computer": "Auf diesem Computer gefunden",
    "May ask these databases": "Darf diese Datenbanken fragen",
    "What will change in its settings file": "Was sich in der Einstellungsdatei ändert",
    "Show in folder": "Im Ordner anzeigen",
    "A copy is kept before the change.": "Vor der Änderung wird eine Kopie aufbewahrt.",
    "Everything else in the file stays as it is.": "Alles andere in der Datei bleibt, wie es ist.",
    "Change the file": "Datei ändern",
    "Trunkline’s entry is gone from the settings of {app}.": (
        "Der Eintrag von Trunkline fehlt in den Einstellungen von {app}."
    ),
    "To put it back, {app} is quit and started again.": (
        "Zum Wiederherstellen wird {app} beendet und neu gestartet."
    ),
    "Put it back": "Wiederherstellen",
    "Leave it out": "Nicht wiederherstellen",
    "Its entry is gone": "Der Eintrag ist verschwunden",
    "It is running: restart it once": "Läuft gerade: einmal neu starten",
    "Start it once": "Einmal starten",
    "{count} without its entry": "{count} ohne Eintrag",
    "{app} is running: it would overwrite the change.": (
        "{app} läuft gerade und würde die Änderung überschreiben."
    ),
    "Trunkline can quit it and start it again. Or quit it yourself.": (
        "Trunkline kann es beenden und neu starten. Oder beenden Sie es selbst."
    ),
    "Change the file only": "Nur die Datei ändern",
    "Quit it, change the file, start it again": "Beenden, Datei ändern und neu starten",
    "Another app": "Eine andere App",
    "Takes a link or a text": "Nimmt einen Link oder einen Text",
    "Show how": "Zeigen, wie",
    "Use a link or a text instead": "Stattdessen einen Link oder Text verwenden",
    "Open in {app}": "In {app} öffnen",
    "Save a bundle for Claude Desktop…": "Ein Paket für Claude Desktop speichern…",
    "Copy": "Kopieren",
    "{count} apps now use {way}.": "{count} Apps verwenden jetzt {way}.",
    "Undo": "Rückgängig machen",
    "Change the apps now": "Die Apps jetzt ändern",
    "The AI apps with the former address of “{name}” were left as they were.": (
        "Die KI-Apps mit der früheren Adresse von „{name}“ wurden nicht verändert."
    ),
    "How it connects": "So verbindet sie sich",
    "Directly": "Direkt",
    "Directly (recommended)": "Direkt (empfohlen)",
    "In different ways": "Auf verschiedene Weise",
    "At an address": "Über eine Adresse",
    "Directly, the app starts Trunkline’s small relay. It needs no access token and "
    "never has to change.": (
        "Direkt startet die App das kleine Vermittlungsprogramm von Trunkline. Es braucht keinen "
        "Zugangsschlüssel und muss nie geändert werden."
    ),
    "At an address, the app needs an access token, and the database has to be on.": (
        "Über eine Adresse braucht die App einen Zugangsschlüssel, und die Datenbank muss "
        "eingeschaltet sein."
    ),
    "Which of its settings files": "In welcher ihrer Einstellungsdateien",
    "Default profile": "Standardprofil",
    "“{name}” is set to {now}: it will not answer at this address.": (
        "„{name}“ ist auf {now} eingestellt: Unter dieser Adresse antwortet sie nicht."
    ),
    "“{name}” is off: it answers at its address only while it is on.": (
        "„{name}“ ist ausgeschaltet: Sie antwortet unter ihrer Adresse nur eingeschaltet."
    ),
    "Set it to {way}": "Auf {way} umstellen",
    "Switch it on": "Einschalten",
    "Write the access token into the file": "Den Zugangsschlüssel in die Datei schreiben",
    "Copy the token": "Zugangsschlüssel kopieren",
    "Copy: {name}": "Kopieren: {name}",
    "What to do in the app": "Was in der App zu tun ist",
    "An address needs an access token.": "Eine Adresse braucht einen Zugangsschlüssel.",
    "The settings file stays as it is.": "Die Einstellungsdatei bleibt, wie sie ist.",
}
