//! A sender without HTTP: from the message's bytes to the receipt's, in this process.

use anyhow::ensure;
use oir_flow::hub::Hub;
use oir_flow::ports::inbox::Channel;
use oir_wire::finans::message::{ForretningsKode, Reply};
use oir_wire::finans::{SoapVersion, read, write};

use super::load::Sender;

/// Hands messages to a hub.
#[derive(Debug, Clone)]
pub(super) struct Inside(pub(super) Hub);

impl Sender for Inside {
    async fn exchange(&mut self, body: Vec<u8>) -> anyhow::Result<()> {
        let read = read::call(SoapVersion::V11, &body);
        let reply = self.0.answer(Channel::Soap11, read, body.into()).await;
        let bytes = write::reply(SoapVersion::V11, &reply);
        let received = matches!(&reply, Reply::Modtag(modtag)
            if modtag.bilag.iter().all(|b| b.kvittering.kode == ForretningsKode::Modtaget));
        ensure!(
            received,
            "ikke modtaget: {}",
            String::from_utf8_lossy(&bytes)
        );
        Ok(())
    }
}
